export * from '@ballast/saga/testing';
